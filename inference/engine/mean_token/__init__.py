"""Small layers on the mean of a tower's last map: a photo's vector, and whether it was taken indoors."""
