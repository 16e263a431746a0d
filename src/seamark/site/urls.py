"""Where everything is reached."""

from django.urls import include, path

from seamark.interfaces.api.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("", include("seamark.interfaces.web.urls")),
]
