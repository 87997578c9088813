"""The log-in of the pages for admins."""

from conventions.problems import MEDIA_TYPE, Problem, problem_document
from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from shop.accounts.attempts import take_attempt
from shop.accounts.step_up import PASSWORD, SECOND_FACTOR, authentication, has_second_factor


class LoginForm(AdminAuthenticationForm):
    """Address, password, and a code for whoever has a second factor; so this door is as strong as the others."""

    code = forms.CharField(required=False, max_length=40, label="Code, if you have a second factor")

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if has_second_factor(self.get_user()):
            from shop.accounts.otp import services

            try:
                services.check(user_id=self.get_user().pk, code=cleaned.get("code", ""), now=timezone.now())
            except (services.WrongCode, services.TooManyTries) as error:
                raise self.get_invalid_login_error() from error
        return cleaned


class ShopAdminSite(admin.AdminSite):
    """Django's admin for users of the role admin, with as many tries to log in as anywhere else."""

    site_header = site_title = "Shop"
    login_form = LoginForm

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        if request.method == "POST":
            try:
                take_attempt(request, request.POST.get("username", ""))
            except Problem as problem:
                document = problem_document(
                    status=problem.status_code,
                    path=request.path,
                    kind=problem.kind,
                    title=problem.title,
                    detail=str(problem.detail),
                )
                return JsonResponse(
                    document, status=problem.status_code, headers=problem.headers, content_type=MEDIA_TYPE
                )
        answer = super().login(request, extra_context)
        if request.method == "POST" and self.has_permission(request):
            means = SECOND_FACTOR if has_second_factor(request.user) else PASSWORD
            request.session.update(authentication(means, timezone.now()))
        return answer
