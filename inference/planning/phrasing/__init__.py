"""The grammar of what people type: what is said in passing, left out, put as a condition, or only named. Pure."""
