"""Images made of Debian's packages under the tags that docker-compose.yml names, for machines that cannot pull those.

They behave as the published ones do where the Compose files lean on it: users, volumes, entry points, BusyBox's commands. Their
versions are Debian's, so what holds with them still has to hold with the published images.
"""
