"""What is learned from: photographs, composites, random holes, and the batches of each step."""
