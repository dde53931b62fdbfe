// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/TextNames.h"

#include "pruning/NeuronScores.h"
#include "text/TokenWindows.h"

#include <QtTest>

using namespace secateur;
using namespace secateur::ui;

class TestTextNames : public QObject {
    Q_OBJECT

private slots:
    void aFileIsCalledByItsName();
    void aPastedTextIsCalledByItsWords();
    void severalFilesAreCounted();
};

namespace {

const QString kPasted = QStringLiteral("/home/ada/texts/pasted-Once-upon-a-time-1f0c99ab.txt");

TextSettings textOf(const std::vector<std::filesystem::path> &files)
{
    TextSettings text;
    text.files = files;
    return text;
}

Provenance provenanceOf(const std::vector<std::string> &files)
{
    Provenance provenance;
    provenance.textFiles = files;
    return provenance;
}

} // namespace

void TestTextNames::aFileIsCalledByItsName()
{
    QCOMPARE(textFileName(QStringLiteral("/texts/grimm.txt")), QStringLiteral("grimm.txt"));
    QCOMPARE(textFileName(QStringLiteral("/texts/pasted-by-hand.txt")), QStringLiteral("pasted-by-hand.txt"));
    QCOMPARE(textFilesName(textOf({"/texts/grimm.txt"})), QStringLiteral("grimm.txt"));
    QCOMPARE(textFilesName(provenanceOf({"/texts/grimm.txt"})), QStringLiteral("grimm.txt"));
    QCOMPARE(textFilesName(textOf({"/texts/Märchen.txt"})), QStringLiteral("Märchen.txt"));
}

void TestTextNames::aPastedTextIsCalledByItsWords()
{
    const QString name = QStringLiteral("Pasted: Once upon a time…");
    QCOMPARE(textFileName(kPasted), name);
    QCOMPARE(textFilesName(textOf({kPasted.toStdString()})), name);
    QCOMPARE(textFilesName(provenanceOf({kPasted.toStdString()})), name);
}

void TestTextNames::severalFilesAreCounted()
{
    QCOMPARE(textFilesName(textOf({})), QString());
    QCOMPARE(textFilesName(textOf({"a.txt", kPasted.toStdString()})), QStringLiteral("2 files"));
    QCOMPARE(textFilesName(provenanceOf({"a.txt", "b.txt", "c.txt"})), QStringLiteral("3 files"));
}

QTEST_GUILESS_MAIN(TestTextNames)
#include "tst_TextNames.moc"
