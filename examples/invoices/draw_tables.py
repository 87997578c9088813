"""Draw the tables of the invoice system, as its migrated database tells them."""

from conventions.diagram import draw

if __name__ == "__main__":
    draw("invoices", "The tables of the invoice system")
