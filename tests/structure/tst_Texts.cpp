// SPDX-License-Identifier: GPL-3.0-or-later
// What the window says, read from its source: every sentence can be translated, nothing is a box with nothing but OK, and nothing moves by
// itself for those who asked the desktop for no animations. And what core says to both front ends: options of the command line stand in parentheses,
// which the window leaves out (Error::plainHint).
#include <QDirIterator>
#include <QFile>
#include <QRegularExpression>
#include <QtTest>

#include <functional>

namespace {

/// A literal of the source and what stands before it.
struct Literal {
    QString file, before, text;
};

/// The literals of a source without comments and raw strings; neighbours count as one, as to the compiler.
QList<Literal> literalsOf(const QString &file, const QString &source)
{
    static const QRegularExpression token(QStringLiteral("//[^\\n]*|/\\*.*?\\*/|R\"\\(.*?\\)\"|#include[^\\n]*|'(?:\\\\.|[^'\\\\])'|"
                                                         "\"(?:\\\\.|[^\"\\\\])*\"(?:\\s*\"(?:\\\\.|[^\"\\\\])*\")*"),
                                          QRegularExpression::DotMatchesEverythingOption);
    constexpr qsizetype kBefore = 400;
    QList<Literal> literals;
    for (auto match = token.globalMatch(source); match.hasNext();) {
        const QRegularExpressionMatch found = match.next();
        if (!found.captured().startsWith(u'"'))
            continue;
        const qsizetype start = found.capturedStart(), from = std::max<qsizetype>(0, start - kBefore);
        literals << Literal{file, source.mid(from, start - from), found.captured()};
    }
    return literals;
}

/// Sentences and names of things, as people read them: two words, the first in capitals, or three.
bool isSaid(const Literal &literal)
{
    static const QRegularExpression words(QStringLiteral("\\b[A-Z][a-z]+[,:;]? [a-z]{2,}|[A-Za-z]{2,}[,:;]? [a-z]+[,:;]? [a-z]{2,}"));
    return literal.text.contains(words);
}

/// Through tr(), translate() or QT_TRANSLATE_NOOP(), also as the comment of one; or in an Error, whose sentences are core's and English.
bool isTranslated(const Literal &literal)
{
    static const QRegularExpression call(
        QStringLiteral("(\\btr\\(|\\b(?:translate|QT_TRANSLATE_NOOP)\\(\\s*\"\\w+\",)\\s*(\"[^\"]*\",\\s*)?$"));
    static const QRegularExpression error(QStringLiteral("\\b(Error|fail|qWarning|Q_ASSERT_X)\\([^;]*$"));
    return literal.before.contains(call) || literal.before.contains(error);
}

/// A literal that goes straight to the screen, however short.
bool isShown(const Literal &literal)
{
    static const QRegularExpression setter(QStringLiteral(
        "\\b(setText|setToolTip|setWindowTitle|setTitle|setAccessibleName|setAccessibleDescription|setPlaceholderText|setStatusTip|"
        "setPrefix|"
        "setSuffix|setSpecialValueText|setLabel|addTab|addMenu|addItem|setWhole|QLabel|QPushButton|QCheckBox|QRadioButton|headingLabel|"
        "captionLabel|bodyLabel)\\(\\s*(QStringLiteral\\(|QLatin1String\\()?$"));
    static const QRegularExpression letters(QStringLiteral("[A-Za-z]{2,}"));
    return literal.before.contains(setter) && literal.text.contains(letters);
}

QStringList untranslated(const QString &file, const QString &source)
{
    QStringList found;
    for (const Literal &literal : literalsOf(file, source))
        if (isShown(literal) || (isSaid(literal) && !isTranslated(literal)))
            found << literal.file + QStringLiteral(": ") + literal.text.left(80);
    return found;
}

/// Literals with an option of a command line ("--windows") outside of parentheses; lines for the terminal are no sentences.
QStringList bareOptions(const QString &file, const QString &source)
{
    static const QRegularExpression option(QStringLiteral("(?<![\\w-])--[a-z]"));
    static const QRegularExpression inParentheses(QStringLiteral("\\([^()]*$"));
    QStringList found;
    for (const Literal &literal : literalsOf(file, source))
        for (auto match = option.globalMatch(literal.text); match.hasNext();)
            if (const qsizetype start = match.next().capturedStart();
                !literal.text.left(start).contains(inParentheses) && !literal.text.startsWith(QStringLiteral("\"hf download ")))
                found << file + QStringLiteral(": ") + literal.text.left(120);
    return found;
}

using Visit = std::function<void(const QString &file, const QString &source)>;

const QStringList kWindow = {QStringLiteral("ui"), QStringLiteral("app/window")};

void forEachSource(const QStringList &tops, const Visit &visit)
{
    const QDir root(QStringLiteral(SECATEUR_SOURCE_DIR));
    for (const QString &top : tops) {
        QDirIterator files(root.filePath(top), {QStringLiteral("*.h"), QStringLiteral("*.cpp")}, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            QFile file(files.next());
            QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.fileName()));
            visit(root.relativeFilePath(file.fileName()), QString::fromUtf8(file.readAll()));
        }
    }
}

QStringList filesWith(const QRegularExpression &what)
{
    QStringList found;
    forEachSource(kWindow, [&](const QString &file, const QString &source) {
        if (source.contains(what))
            found << file;
    });
    return found;
}

} // namespace

class tst_Texts : public QObject {
    Q_OBJECT

private slots:
    void everySentenceCanBeTranslated()
    {
        QStringList found;
        int files = 0, literals = 0;
        forEachSource(kWindow, [&](const QString &file, const QString &source) {
            ++files;
            literals += int(literalsOf(file, source).size());
            if (file != u"ui/theme/StyleSheet.cpp") // a language of its own
                found += untranslated(file, source);
        });
        QVERIFY2(found.isEmpty(), qPrintable(found.join(u'\n')));
        QVERIFY(files > 100 && literals > 1000); // or it looked at nothing
    }

    void untranslatedSentencesAreFound_data()
    {
        QTest::addColumn<QString>("source");
        QTest::addColumn<bool>("isFound");
        QTest::newRow("set") << QStringLiteral("label->setText(QStringLiteral(\"Layers\"));") << true;
        QTest::newRow("made") << QStringLiteral("new QLabel(\"Layers\")") << true;
        QTest::newRow("sentence") << QStringLiteral("return QStringLiteral(\"The plan is\" \" done.\");") << true;
        QTest::newRow("translated") << QStringLiteral("label->setText(tr(\"The plan is done.\"));") << false;
        QTest::newRow("comment of tr") << QStringLiteral("tr(\"%1 %2\", \"Name of the file\")") << false;
        QTest::newRow("key") << QStringLiteral("value(QStringLiteral(\"geometry\"))") << false;
        QTest::newRow("comment") << QStringLiteral("// says \"The plan is done.\"") << false;
        QTest::newRow("error") << QStringLiteral("throw Error(\"The plan is \" + name + \" and no more.\");") << false;
    }

    void untranslatedSentencesAreFound()
    {
        QFETCH(QString, source);
        QFETCH(bool, isFound);
        QCOMPARE(!untranslated(QStringLiteral("x"), source).isEmpty(), isFound);
    }

    /// But for the command lines that are written there.
    void optionsInHintsStandInParentheses()
    {
        QStringList found;
        int options = 0;
        forEachSource({QStringLiteral("core")}, [&](const QString &file, const QString &source) {
            options += int(source.count(QStringLiteral("(--")));
            if (file != u"core/jobs/CommandOptions.cpp")
                found += bareOptions(file, source);
        });
        QVERIFY2(found.isEmpty(), qPrintable(found.join(u'\n')));
        QVERIFY(options > 10); // or it looked at nothing
    }

    /// But for the options that it is started with itself.
    void theWindowNamesNoOptions()
    {
        QStringList found;
        forEachSource(kWindow, [&](const QString &file, const QString &source) {
            if (file != u"app/window/main.cpp")
                found += bareOptions(file, source);
        });
        QVERIFY2(found.isEmpty(), qPrintable(found.join(u'\n')));
    }

    void bareOptionsAreFound_data()
    {
        QTest::addColumn<QString>("source");
        QTest::addColumn<bool>("isFound");
        QTest::newRow("bare") << QStringLiteral("Error(a, \"Give --windows 1 or more.\")") << true;
        QTest::newRow("at the end of a literal") << QStringLiteral("\"Use fewer \" \"--windows.\"") << true;
        QTest::newRow("alone") << QStringLiteral("refuse(\"--host-memory\");") << true;
        QTest::newRow("after parentheses") << QStringLiteral("\"The CPU (--device cpu), or --threads 1.\"") << true;
        QTest::newRow("in parentheses") << QStringLiteral("\"Use fewer windows \" \"(--windows).\"") << false;
        QTest::newRow("a value inside") << QStringLiteral("\"Screen in it (--screen \" + type + \"), or not (--screen none).\"") << false;
        QTest::newRow("a name") << QStringLiteral("\"datasets--allenai--c4\"") << false;
        QTest::newRow("a line for the terminal") << QStringLiteral("\"hf download a/b --repo-type dataset\"") << false;
        QTest::newRow("comment") << QStringLiteral("// see --windows") << false;
    }

    void bareOptionsAreFound()
    {
        QFETCH(QString, source);
        QFETCH(bool, isFound);
        QCOMPARE(!bareOptions(QStringLiteral("x"), source).isEmpty(), isFound);
    }

    /// Messages stand in place, with a remedy; nothing is to be clicked away.
    void noBoxHasNothingButOk()
    {
        const QStringList boxes = filesWith(QRegularExpression(QStringLiteral("QMessageBox|QDialogButtonBox::Ok\\s*[,;)]|QErrorMessage")));
        QVERIFY2(boxes.isEmpty(), qPrintable(boxes.join(u'\n')));
    }

    /// What Qt moves (docks, menus) heeds the desktop by QStyle::SH_Widget_Animation_Duration; we move nothing.
    void nothingIsAnimated()
    {
        const QStringList moving = filesWith(QRegularExpression(QStringLiteral(
            "Q(Property|Variant|ParallelGroup|SequentialGroup|Abstract)?Animation\\b|QTimeLine|QMovie|QGraphicsOpacityEffect")));
        QVERIFY2(moving.isEmpty(), qPrintable(moving.join(u'\n')));
    }
};

QTEST_APPLESS_MAIN(tst_Texts)
#include "tst_Texts.moc"
