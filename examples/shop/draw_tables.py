"""Draw the tables of the shop, as its migrated database tells them."""

from conventions.diagram import draw

if __name__ == "__main__":
    draw("shop", "The tables of the shop")
