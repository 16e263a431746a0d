"""What is told about the whole: measures, and copies that leave the house."""
