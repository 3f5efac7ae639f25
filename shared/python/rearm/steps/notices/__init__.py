"""What `notify` sends, and the webhook that it may send it to: of no cloud."""
