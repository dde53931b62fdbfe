// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/RankAgreement.h"

#include "foundation/Error.h"

#include <QtTest>

using namespace secateur;

namespace {

const ComputeConditions kOwn = {.device = "cpu",
                                .gpu = {},
                                .dtype = "float32",
                                .threads = 2,
                                .instructions = "AVX2",
                                .products = "oneDNN",
                                .torchVersion = "2.11.0",
                                .programVersion = "0.1.0",
                                .host = "one"};

/// One of several, of which the others say what a test wants.
class SaidRanks : public Ranks {
public:
    SaidRanks(int rank, std::vector<std::string> said) : m_rank(rank), m_said(std::move(said)) {}
    int rank() const override { return m_rank; }
    int size() const override { return int(m_said.size()); }
    std::vector<std::string> exchange(std::string mine, const JobContext &) override
    {
        m_said[std::size_t(m_rank)] = std::move(mine);
        return m_said;
    }

private:
    int m_rank;
    std::vector<std::string> m_said;
};

QString complaint(int rank, const std::vector<std::string> &said)
{
    SaidRanks ranks(rank, said);
    try {
        agreeOnConditions(ranks, kOwn, JobContext());
    } catch (const Error &problem) {
        return problem.what();
    }
    return {};
}

} // namespace

class tst_RankAgreement : public QObject {
    Q_OBJECT

private slots:
    void ranksThatComputeAlikeAgree()
    {
        ComputeConditions elsewhere = kOwn;
        elsewhere.host = "two"; // decides nothing
        QCOMPARE(complaint(0, {"", toJson(elsewhere).dump()}), QString());
        Ranks alone;
        agreeOnConditions(alone, kOwn, JobContext());
    }

    /// Every rank says the same, so it does not matter whose messages are read.
    void theRankThatDiffersIsNamedByAll()
    {
        ComputeConditions narrow = kOwn;
        narrow.dtype = "bfloat16";
        narrow.threads = 1;
        const QString sentence = "Rank 2 computes in bfloat16, with 1 thread; rank 0 computes in float32, with 2 threads.";
        QCOMPARE(complaint(0, {"", toJson(kOwn).dump(), toJson(narrow).dump()}), sentence);
        QCOMPARE(complaint(1, {toJson(kOwn).dump(), "", toJson(narrow).dump()}), sentence);
    }

    void aRankOfAnotherVersionIsNamed()
    {
        QCOMPARE(complaint(0, {"", "8f3a"}), QString("Rank 1 runs another version of the program."));
        QCOMPARE(complaint(0, {"", "{}"}), QString("Rank 1 runs another version of the program."));
    }

    void ranksWithOtherWorkAreNamed()
    {
        const std::vector<SharedSetting> own = {{"model", "m"}, {"norm (--norm)", "l2"}};
        const auto said = [&](int rank, std::vector<std::string> messages) -> QString {
            SaidRanks ranks(rank, std::move(messages));
            try {
                agreeOnWork(ranks, own, JobContext());
            } catch (const Error &error) {
                return error.what();
            }
            return {};
        };
        QCOMPARE(said(0, {"", R"(["m","l2"])"}), QString());
        QCOMPARE(said(0, {"", R"(["m","l2"])", R"(["m","l1"])"}), QString("Rank 2 has another norm (--norm) than rank 0."));
        QCOMPARE(said(1, {R"(["n","l2"])", ""}), QString("Rank 1 has another model than rank 0."));
        QCOMPARE(said(0, {"", R"(["m"])"}), QString("Rank 1 runs another command or another version of the program."));
    }
};

QTEST_GUILESS_MAIN(tst_RankAgreement)
#include "tst_RankAgreement.moc"
