"""Delivery of owed mail: kept, sent, tried again, parked, superseded (reliability section 3)."""
