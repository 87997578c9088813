from django.urls import path

from invoices.billing import api, api_parties, api_payments

urlpatterns = [
    path("issuers/", api_parties.IssuerListView.as_view()),
    path("customers/", api_parties.CustomerListView.as_view()),
    path("customers/<id:customer_id>/", api_parties.CustomerView.as_view(), name="customer"),
    path("customers/<id:customer_id>/account/", api_parties.AccountView.as_view()),
    path("invoices/", api.InvoiceListView.as_view()),
    path("invoices/<id:invoice_id>/", api.InvoiceView.as_view(), name="invoice"),
    path("invoices/<id:invoice_id>/issue/", api.IssueView.as_view()),
    path("invoices/<id:invoice_id>/credit-notes/", api.CreditNoteListView.as_view()),
    path("invoices/<id:invoice_id>/use-credit/", api.UseCreditView.as_view()),
    path("payments/", api_payments.PaymentListView.as_view()),
    path("payments/<id:payment_id>/", api_payments.PaymentView.as_view(), name="payment"),
]
