"""What can be looked at after an answer: what left the device, and where the model looked."""
