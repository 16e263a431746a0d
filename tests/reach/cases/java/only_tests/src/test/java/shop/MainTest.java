package shop;

import org.jsoup.Jsoup;

class MainTest {
    void reads() { Jsoup.parse("<a>"); }
}
