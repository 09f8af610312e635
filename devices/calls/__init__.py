"""What goes with a job besides its arguments: for whom it is done, and its part of a trace."""
