"""Notification channels, one file each: the model, how either engine reaches it, or why it cannot."""
