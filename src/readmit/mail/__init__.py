"""Mail: rendered in the reader's language, guarded, and handed to SMTP or kept."""
