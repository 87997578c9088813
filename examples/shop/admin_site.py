"""The log-in of the pages for admins, and the step-up before what is sensitive there."""

from conventions.problems import MEDIA_TYPE, Problem, problem_document
from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from shop.accounts.attempts import take_attempt
from shop.accounts.otp import services
from shop.accounts.serializers import LONGEST_PASSWORD
from shop.accounts.services import log_out_everywhere
from shop.accounts.step_up import (
    PASSWORD,
    SECOND_FACTOR,
    accepted_means,
    authentication,
    has_second_factor,
    is_fresh,
    step_up_session,
)


class LoginForm(AdminAuthenticationForm):
    """Address, password, and a code for whoever has a second factor; so this door is as strong as the others."""

    code = forms.CharField(
        required=False,
        max_length=40,
        label="Code, if you have a second factor:",
        widget=forms.TextInput({"autocomplete": "one-time-code"}),
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if has_second_factor(self.get_user()):
            try:
                services.check(user_id=self.get_user().pk, code=cleaned.get("code", ""), now=timezone.now())
            except (services.WrongCode, services.TooManyTries) as error:
                raise self.get_invalid_login_error() from error
        return cleaned


class StepUpForm(forms.Form):
    """What recognises the admin again."""

    credential = forms.CharField(
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput({"autofocus": True, "autocomplete": "current-password"}),
    )


class StepUpView(RedirectURLMixin, FormView):
    """Ask for the strongest means that the admin has, and go on to `next`."""

    form_class = StepUpForm
    template_name = "shop/recognise.html"
    next_page = "admin:index"

    def get_form(self, form_class: type[forms.Form] | None = None) -> forms.Form:
        form = super().get_form(form_class)
        field = form.fields["credential"]
        field.label = "Password:"
        if has_second_factor(self.request.user):
            field.label = "Code, or recovery code:"
            field.widget = forms.TextInput({"autofocus": True, "autocomplete": "one-time-code"})
        return form

    def get_context_data(self, **more: object) -> dict[str, object]:
        context = admin.site.each_context(self.request) | {"title": "Confirm that it is you"}
        return super().get_context_data(**context, next=self.get_redirect_url(), **more)

    def form_valid(self, form: StepUpForm) -> HttpResponse:
        now, user = timezone.now(), self.request.user
        try:
            means = services.recognise(user=user, credential=form.cleaned_data["credential"], now=now)
        except services.WrongCode:
            form.add_error(None, "This is not right.")
            return self.form_invalid(form)
        except services.TooManyTries as error:
            form.add_error(None, f"Too many tries: wait {error.decision.retry_after_seconds} seconds.")
            return self.form_invalid(form)
        step_up_session(self.request.session, authentication(means, now))
        return super().form_valid(form)


class ShopAdminSite(admin.AdminSite):
    """Django's admin for users of the role admin, with as many tries to log in as anywhere else."""

    site_header = site_title = "Shop"
    login_form = LoginForm
    login_template = "shop/recognise.html"
    site_url = None  # the shop has no pages but these
    enable_nav_sidebar = False  # four lists need no second menu, and tables need the room

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_view(StepUpView.as_view())  # never cached, and for admins only
        return [path("step-up/", view, name="step_up"), *super().get_urls()]

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        if request.method == "POST" and (
            refused := too_many_tries(request, request.POST.get("username", ""))
        ):
            return refused
        answer = super().login(request, extra_context)
        if request.method == "POST" and self.has_permission(request):
            means = SECOND_FACTOR if has_second_factor(request.user) else PASSWORD
            request.session.update(authentication(means, timezone.now()))
        return answer

    def password_change(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """As the API does it: freshly logged in, as often as at the log-in, and afterwards everything else ends."""
        if elsewhere := step_up_needed(request):
            return elsewhere
        if request.method == "POST" and (refused := too_many_tries(request, request.user.email)):
            return refused
        answer = super().password_change(request, extra_context)
        if isinstance(answer, HttpResponseRedirect):
            log_out_everywhere(user=request.user, now=timezone.now())
        return answer


def too_many_tries(request: HttpRequest, email: str) -> JsonResponse | None:
    """Count one try of a password of `email`; the answer where it was one too many."""
    try:
        take_attempt(request, email)
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
    return None


def step_up_needed(request: HttpRequest) -> HttpResponseRedirect | None:
    """Where to send an admin whose log-in is too old, or too weak, for what is sensitive; None where it is not."""
    if is_fresh(request.session, accepted=accepted_means(request.user), now=timezone.now()):
        return None
    return HttpResponseRedirect(reverse("admin:step_up", query={"next": request.get_full_path()}))
