"""Who may do what, by operation of the specification: a `y` for each role that may, in the order of `ROLES`."""

# --8<-- [start:matrix]
ROLES = ("nobody", "viewer", "clerk", "accountant")
EVERYBODY, LOGGED_IN, WRITERS, ACCOUNTANTS = "yyyy", "nyyy", "nnyy", "nnny"
MATRIX = {
    "logIn": EVERYBODY,
    "renewAccess": EVERYBODY,
    "listIssuers": LOGGED_IN,
    "listCustomers": LOGGED_IN,
    "createCustomer": WRITERS,
    "getCustomer": LOGGED_IN,
    "replaceCustomer": WRITERS,
    "getAccount": LOGGED_IN,
    "listInvoices": LOGGED_IN,
    "createInvoice": WRITERS,
    "getInvoice": LOGGED_IN,
    "replaceDraft": WRITERS,
    "discardDraft": WRITERS,
    "issueInvoice": ACCOUNTANTS,
    "creditInvoice": ACCOUNTANTS,
    "getPaper": LOGGED_IN,
    "useCredit": ACCOUNTANTS,
    "listPayments": LOGGED_IN,
    "recordPayment": ACCOUNTANTS,
    "getPayment": LOGGED_IN,
}
# --8<-- [end:matrix]
