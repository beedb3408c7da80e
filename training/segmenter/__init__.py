"""Training the network that finds the object in a box."""
