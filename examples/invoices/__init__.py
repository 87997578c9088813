"""Invoices with numbers that leave no gap, amounts that add up and documents that nobody changes."""
