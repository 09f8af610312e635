"""Many nodes at once: tags, search, actions on several, and what an agent is asked for from here."""
