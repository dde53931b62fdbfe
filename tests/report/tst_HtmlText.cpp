// SPDX-License-Identifier: GPL-3.0-or-later
// Texts and numbers as HTML.
#include "report/HtmlText.h"

#include <QtTest>
#include <clocale>
#include <cmath>
#include <limits>

using namespace secateur;

class tst_HtmlText : public QObject {
    Q_OBJECT

private slots:
    void nothingInATextIsMarkup();
    void whatIsNotSeenIsShown();
    void hashesAreShortAndWhole();
    void longTextsLoseTheirMiddle();
    void numbersAreThoseOfTheCLocale();
    void whatIsNotFiniteIsAWord();
    void tablesHaveHeadings();
    void emptyTablesAndListsAreNothing();
};

void tst_HtmlText::nothingInATextIsMarkup()
{
    QCOMPARE(html::text("<script>alert(\"1\" & '2')</script>"),
             std::string("&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;"));
    QCOMPARE(html::name("<b>"), std::string("<bdi class=\"name\">&lt;b&gt;</bdi>"));
    QVERIFY(html::hash("\"><b>").find("<b>") == std::string::npos);
}

void tst_HtmlText::whatIsNotSeenIsShown()
{
    QCOMPARE(html::text("a\xE2\x80\xAE"
                        "b"),
             std::string("a\\xe2\\x80\\xaeb")); // an override of the direction
    QCOMPARE(html::text("a\xFF"
                        "b"),
             std::string("a\uFFFDb"));
    QCOMPARE(html::name("line\nbreak"), std::string("<bdi class=\"name\">line\\nbreak</bdi>"));
    QCOMPARE(html::text("مرحبا 模型 é"), std::string("مرحبا 模型 é"));
}

void tst_HtmlText::hashesAreShortAndWhole()
{
    QCOMPARE(html::hash(""), std::string());
    QCOMPARE(html::hash("0123456789abcdef"), std::string("<code title=\"0123456789abcdef\">0123456789ab</code>"));
}

void tst_HtmlText::longTextsLoseTheirMiddle()
{
    QCOMPARE(html::elided("short", 10), std::string("short"));
    QCOMPARE(html::elided("0123456789", 5), std::string("01…89"));
    QCOMPARE(html::elided("éééééééééé", 5), std::string("éé…éé"));
}

void tst_HtmlText::numbersAreThoseOfTheCLocale()
{
    const std::string before = std::setlocale(LC_ALL, nullptr);
    std::setlocale(LC_ALL, "de_DE.UTF-8"); // where it is there
    QCOMPARE(html::fixed(1234567.891, 2), std::string("1,234,567.89"));
    QCOMPARE(html::fixed(-1234.5, 1), std::string("-1,234.5"));
    QCOMPARE(html::fixed(-123.5, 1), std::string("-123.5"));
    QCOMPARE(html::whole(-5'285'696), std::string("-5,285,696"));
    QCOMPARE(html::digits(19.5312), std::string("19.53"));
    QCOMPARE(html::digits(184.04), std::string("184.0"));
    QCOMPARE(html::digits(14486.2), std::string("14,486"));
    QCOMPARE(html::digits(2.14e12), std::string("2.1e+12"));
    QCOMPARE(html::scientific(0.00000123), std::string("1.2e-06"));
    QCOMPARE(html::share(0.3751), std::string("37.5\u00a0%"));
    QCOMPARE(html::withError(0.5, 0.0125, 3), std::string("0.500 ± 0.013"));
    QCOMPARE(html::change(0.25), std::string("+0.2500"));
    QCOMPARE(html::duration(0.44), std::string("0.4\u00a0s"));
    QCOMPARE(html::duration(200), std::string("3\u00a0min 20\u00a0s"));
    QCOMPARE(html::duration(3900), std::string("1\u00a0h 5\u00a0min"));
    std::setlocale(LC_ALL, before.c_str());
}

void tst_HtmlText::whatIsNotFiniteIsAWord()
{
    const double infinity = std::numeric_limits<double>::infinity();
    QCOMPARE(html::fixed(infinity, 2), std::string("infinite"));
    QCOMPARE(html::digits(-infinity), std::string("-infinite"));
    QCOMPARE(html::share(std::nan("")), std::string("unknown"));
    QCOMPARE(html::withError(0.5, std::nan(""), 1), std::string("0.5"));
    QCOMPARE(html::duration(-1), std::string("unknown"));
}

void tst_HtmlText::tablesHaveHeadings()
{
    html::Table table("Numbers & more", {{"Layer"}, {"Loss", true}});
    table.add({"0", "1.5"});
    table.add({"1"}, true);
    const std::string made = table.html();
    QVERIFY(made.find("<caption>Numbers &amp; more</caption>") != std::string::npos);
    QVERIFY(made.find("<th scope=\"col\" class=\"number\">Loss</th>") != std::string::npos);
    QVERIFY(made.find("<tr><th scope=\"row\">0</th><td class=\"number\">1.5</td></tr>") != std::string::npos);
    QVERIFY(made.find("<tr class=\"marked\"><th scope=\"row\">1</th><td class=\"number\"></td></tr>") != std::string::npos);
}

void tst_HtmlText::emptyTablesAndListsAreNothing()
{
    QVERIFY(html::Table("None", {{"a"}}).html().empty());
    QVERIFY(html::Facts().html().empty());
    QVERIFY(html::list({}).empty());
    QVERIFY(html::details("more", "").empty());
    html::Facts facts;
    facts.add("nothing", "");
    QVERIFY(facts.html().empty());
}

QTEST_GUILESS_MAIN(tst_HtmlText)
#include "tst_HtmlText.moc"
