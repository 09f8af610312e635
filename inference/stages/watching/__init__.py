"""What watches need of the models of a node, and the jobs about their pictures. No Django."""
