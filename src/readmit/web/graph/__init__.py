"""The Microsoft Graph wire for the guest domain."""
