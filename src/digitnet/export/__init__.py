"""Export: a trained model taken to places where digitnet is not."""
