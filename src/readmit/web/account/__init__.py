"""The account: what a person sees and ends of his own at one organisation. One file per section."""
