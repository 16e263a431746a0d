"""Where everything is reached."""

from django.urls import include, path

from seamark.interfaces.api.api import api
from seamark.interfaces.api.dojo.api import api as dojo

urlpatterns = [
    path("api/v1/", api.urls),
    path("api/v2/", dojo.urls),
    path("scim/v2/", include("seamark.interfaces.api.scim")),
    path("admission/v1/", include("seamark.interfaces.api.admission")),
    path("", include("seamark.interfaces.web.urls")),
]
