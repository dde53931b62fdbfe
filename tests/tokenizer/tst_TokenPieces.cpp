// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/TokenPieces.h"

#include <QtTest>
#include <filesystem>
#include <numeric>

using namespace secateur;

namespace {

const std::string kSample = SECATEUR_SOURCE_DIR "/resources/sample/model/tokenizer.json";
const std::string kText = "Once upon a time,  there was\n\ta gärtner: 庭師を剪定 \U0001F333\U0001F333!  E = mc² ";

} // namespace

class tst_TokenPieces : public QObject {
    Q_OBJECT

private slots:
    void initTestCase_data()
    {
        QTest::addColumn<QString>("file");
        QTest::newRow("sample") << QString::fromStdString(kSample);
        for (const char *name :
             {"llama-2", "llama-3", "phi-3-mini", "qwen2.5"}) // SentencePiece with bytes to fall back on, and BPE over bytes
            QTest::newRow(name) << SECATEUR_SHARED_DATA "/tokenizers/" + QString(name) + "/tokenizer.json";
    }

    void joinedTheyAreTheText()
    {
        QFETCH_GLOBAL(QString, file);
        if (!std::filesystem::exists(file.toStdString()))
            QSKIP("The tokenizers of ../shared/data are not there.");
        const Tokenizer tokenizer = Tokenizer::fromFile(file.toStdString());
        const std::vector<TokenId> ids = tokenizer.encode(kText);
        const std::vector<std::string> pieces = textPiecesOf(tokenizer, ids);
        QCOMPARE(pieces.size(), ids.size());
        QCOMPARE(QString::fromStdString(std::accumulate(pieces.begin(), pieces.end(), std::string())),
                 QString::fromStdString(tokenizer.decode(ids)));
        for (const std::string &piece : pieces) // every one by itself is UTF-8
            QVERIFY(!QString::fromStdString(piece).contains(QChar::ReplacementCharacter));
        QVERIFY(std::ranges::count(pieces, std::string()) > 0); // parts of characters
    }

    void whatIsNotCompleteComesAtTheEnd()
    {
        QFETCH_GLOBAL(QString, file);
        if (!std::filesystem::exists(file.toStdString()))
            QSKIP("The tokenizers of ../shared/data are not there.");
        const Tokenizer tokenizer = Tokenizer::fromFile(file.toStdString());
        std::vector<TokenId> ids = tokenizer.encode("a \U0001F333");
        ids.pop_back();
        TokenPieces pieces(tokenizer, true);
        std::string joined;
        for (const TokenId id : ids)
            joined += pieces.add(id);
        QVERIFY(!QString::fromStdString(joined).contains(QChar::ReplacementCharacter));
        joined += pieces.rest();
        QCOMPARE(QString::fromStdString(joined), QString::fromStdString(tokenizer.decode(ids, true)));
        QCOMPARE(pieces.rest(), std::string());
    }

    /// Decoders take a space off the beginning of a text, and of that alone.
    void spacesStay()
    {
        QFETCH_GLOBAL(QString, file);
        if (!std::filesystem::exists(file.toStdString()))
            QSKIP("The tokenizers of ../shared/data are not there.");
        const Tokenizer tokenizer = Tokenizer::fromFile(file.toStdString());
        for (const char *text : {"   three spaces   between   words", " a", "a b c d", "\n\n a \n b"}) {
            const std::vector<TokenId> ids = tokenizer.encode(text);
            TokenPieces pieces(tokenizer, true);
            std::string joined;
            for (const TokenId id : ids)
                joined += pieces.add(id);
            QCOMPARE(joined + pieces.rest(), tokenizer.decode(ids, true));
        }
    }
};

QTEST_GUILESS_MAIN(tst_TokenPieces)
#include "tst_TokenPieces.moc"
