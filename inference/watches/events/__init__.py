"""Events of watches: taken in from devices, checked by an edge, told to people, and their pictures."""
