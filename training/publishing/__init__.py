"""A trained model for the Hugging Face Hub: its files, its card, and loading it again."""
