"""Questions as people ask them, judged answers, and the score."""
