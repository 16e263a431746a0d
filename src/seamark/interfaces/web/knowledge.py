"""The knowledge base: the list of articles, and one article."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from seamark.insight.knowledge.library import article_of, articles, found
from seamark.interfaces.web.admin.frame import asked
from seamark.interfaces.web.frame import visible
from seamark.store.access import READS


def listed(request: HttpRequest) -> HttpResponse:
    """List the articles; `q` limits them to words of the title and to numbers."""
    words = asked(request, "q")
    return render(request, "web/knowledge/list.html", {"rows": found(words), "q": words, "total": len(articles())})


def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show an article, with the way to the issues that it is about for those who may see some."""
    one = articles().get(name)
    if one is None:
        raise Http404("There is no such article")
    reads = visible(request).may_anywhere(READS)
    context = {"one": one, "reads": reads}
    return render(request, "web/knowledge/page.html", context)


def of_weakness(request: HttpRequest, number: int) -> HttpResponse:  # noqa: ARG001 - every view is given it
    """Lead to the article of a weakness, as tickets and messages name it."""
    one = article_of(number)
    if one is None:
        raise Http404("There is no article about that weakness")
    return redirect("knowledge-article", name=one.name)
