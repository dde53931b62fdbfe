// SPDX-License-Identifier: GPL-3.0-or-later
// The requests of an item as a tree: as small diagrams.
#include "evaluation/TokenTree.h"

#include <QtTest>
#include <vector>

using namespace secateur;

namespace {

using Tokens = std::vector<TokenId>;
using Target = TokenTree::Target;

} // namespace

class tst_TokenTree : public QObject {
    Q_OBJECT

private slots:
    void whatRequestsBeginWithIsThereOnce();
    void equalInputsAreOne();
    void aRequestMayEndWhereAnotherGoesOn();
    void branchesMayForkAgain();
    void rowsOfDifferentRootsShareNothing();
};

void tst_TokenTree::whatRequestsBeginWithIsThereOnce()
{
    // 1 2 3 - 4 5 (6)
    //       - 7 (8)
    const TokenTree tree = treeOf(std::vector<TokenRequest>{{{1, 2, 3, 4, 5, 6}, 3}, {{1, 2, 3, 7, 8}, 2}});
    QCOMPARE(tree.tokens, (Tokens{1, 2, 3, 4, 5, 7}));
    QCOMPARE(tree.runs, (std::vector<TokenRun>{{0, 3, 0}, {3, 2, 3}, {5, 1, 3}}));
    QCOMPARE(tree.targets, (std::vector<Target>{{2, 4, 0}, {3, 5, 0}, {4, 6, 0}, {2, 7, 1}, {5, 8, 1}}));
    QCOMPARE(tree.requests, 2);
}

/// The four letters of MMLU: one row predicts them all.
void tst_TokenTree::equalInputsAreOne()
{
    const TokenTree tree = treeOf(std::vector<TokenRequest>{{{1, 2, 10}, 1}, {{1, 2, 11}, 1}, {{1, 2, 10}, 1}});
    QCOMPARE(tree.tokens, (Tokens{1, 2}));
    QCOMPARE(tree.runs, (std::vector<TokenRun>{{0, 2, 0}}));
    QCOMPARE(tree.targets, (std::vector<Target>{{1, 10, 0}, {1, 11, 1}, {1, 10, 2}}));
}

void tst_TokenTree::aRequestMayEndWhereAnotherGoesOn()
{
    const TokenTree tree = treeOf(std::vector<TokenRequest>{{{1, 2, 3}, 1}, {{1, 2, 3, 4, 5}, 3}});
    QCOMPARE(tree.tokens, (Tokens{1, 2, 3, 4}));
    QCOMPARE(tree.runs, (std::vector<TokenRun>{{0, 4, 0}}));
    QCOMPARE(tree.targets, (std::vector<Target>{{1, 3, 0}, {1, 3, 1}, {2, 4, 1}, {3, 5, 1}}));
}

void tst_TokenTree::branchesMayForkAgain()
{
    // 1 - 2 3 - 4 (9)
    //         - 5 (9)
    //   - 6 (9)
    const TokenTree tree = treeOf(std::vector<TokenRequest>{{{1, 2, 3, 4, 9}, 1}, {{1, 6, 9}, 1}, {{1, 2, 3, 5, 9}, 1}});
    QCOMPARE(tree.tokens, (Tokens{1, 2, 3, 4, 5, 6}));
    QCOMPARE(tree.runs, (std::vector<TokenRun>{{0, 1, 0}, {1, 2, 1}, {3, 1, 3}, {4, 1, 3}, {5, 1, 1}}));
    QCOMPARE(tree.targets, (std::vector<Target>{{3, 9, 0}, {5, 9, 1}, {4, 9, 2}}));
}

/// As after a cut from the left that differs from choice to choice.
void tst_TokenTree::rowsOfDifferentRootsShareNothing()
{
    const TokenTree tree = treeOf(std::vector<TokenRequest>{{{1, 2, 3}, 1}, {{2, 2, 3}, 1}});
    QCOMPARE(tree.runs, (std::vector<TokenRun>{{0, 2, 0}, {2, 2, 0}}));
    QCOMPARE(tree.targets, (std::vector<Target>{{1, 3, 0}, {3, 3, 1}}));
}

QTEST_APPLESS_MAIN(tst_TokenTree)
#include "tst_TokenTree.moc"
