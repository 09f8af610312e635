"""What an agent does with its home folder: choosing one of several, recording its health, changing the server's address."""
