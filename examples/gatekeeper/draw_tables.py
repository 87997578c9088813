"""Draw the tables of the gatekeeper, as its migrated database tells them."""

from conventions.diagram import draw

if __name__ == "__main__":
    draw("gatekeeper", "The tables of the gatekeeper")
