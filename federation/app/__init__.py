"""An ordinary Flower app: the same code trains in threads, under Flower's own SuperLink, and over the registered nodes. No
Django.
"""
