"""How photos and words are brought into one space, so that photos can be searched by words."""
