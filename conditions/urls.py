"""Addresses of the reading rooms."""

from django.urls import path

from conditions import feeds, sitemaps, views

app_name = "conditions"
urlpatterns = [
    path("", views.home, name="home"),
    path("conditions/", views.condition_list, name="condition_list"),
    path("conditions/<slug:slug>/", views.condition_detail, name="condition_detail"),
    path("causes/<slug:slug>/", views.cause_detail, name="cause_detail"),
    path("treatments/<slug:slug>/", views.treatment_detail, name="treatment_detail"),
    path("a-to-z/", views.a_to_z, name="a_to_z"),
    path("search/", views.search, name="search"),
    path("walking-pattern/", views.walking_pattern, name="walking_pattern"),
    path("sitemap.xml", sitemaps.sitemap, name="sitemap"),
    path("feed.atom", feeds.feed, name="feed"),
    path("preview/<str:token>/", views.preview, name="preview"),
]
