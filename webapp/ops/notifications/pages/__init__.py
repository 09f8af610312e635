"""What a person wants to hear of, and the app that browsers install."""
