"""The house of guests that every journey starts from."""

from house_of_guests import house

__all__ = ["house"]
