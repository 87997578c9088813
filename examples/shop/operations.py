"""List the operations of the shop's API with every status that each may answer, from its specification."""

from conventions.operations import show

if __name__ == "__main__":
    show("shop")
