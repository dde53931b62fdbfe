// SPDX-License-Identifier: GPL-3.0-or-later
// A plan that was written by hand, dropped on the window: what every page shows of it and what can be done.
#include "WindowBench.h"
#include "pruning/RankedScores.h"
#include "session/JobEvent.h"
#include "widgets/Labels.h"
#include "window/StatusLine.h"

#include "commands/PlanEditor.h"
#include "panels/plan/PinModel.h"

#include <QAbstractItemView>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QSpinBox>

#include <algorithm>
#include <fstream>
#include <numeric>

using namespace secateur::ui;

class TestOpenedPlans : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnOwnWarnings(); }
    void aPlanByHandIsShownOnEveryPage();
    void aPlanWithoutFfnsKeepsNoNeuron();
    void aPlanWithoutAModelAsksForIts();
    void theLastLineSaysWhatChoseTheNeurons();

private:
    /// For the sample: layer 1 goes as a whole, of layer 2 three neurons stay, layer 5 loses its attention.
    QString planByHand()
    {
        const QString file = m_folder.filePath(QStringLiteral("hand.json"));
        std::ofstream out(file.toStdString());
        out << R"({"kind": "secateur-plan", "format": 2, "method": "manual", "removedAttentions": [1, 5], "keptNeurons": ["all", [], [0, 7, 343])";
        for (int layer = 3; layer < 12; ++layer)
            out << R"(, "all")";
        out << "]}";
        return file;
    }

    /// Of twelve layers all FFNs go, and no attention.
    QString planWithoutFfns()
    {
        const QString file = m_folder.filePath(QStringLiteral("no-ffn.json"));
        std::ofstream out(file.toStdString());
        out << R"({"kind": "secateur-plan", "format": 2, "method": "manual", "keptNeurons": [[])";
        for (int layer = 1; layer < 12; ++layer)
            out << ", []";
        out << "]}";
        return file;
    }

    QTemporaryDir m_folder;
};

namespace {

bool isSaid(const QWidget &page, const QString &words)
{
    for (const QLabel *label : page.findChildren<QLabel *>())
        if (label->isVisible() && label->text().contains(words))
            return true;
    return false;
}

} // namespace

void TestOpenedPlans::aPlanByHandIsShownOnEveryPage()
{
    WindowBench hands;
    hands.window->openSample();
    const SessionModel &session = hands.bench().session;
    QTRY_VERIFY_WITH_TIMEOUT(session.hasModel(), 60'000);
    QVERIFY(hands.waitForJobs());
    hands.drop(hands.window.get(), planByHand());
    QTRY_VERIFY_WITH_TIMEOUT(session.isSettled(), 60'000);
    const auto *tabs = hands.window->findChild<QTabWidget *>();
    QCOMPARE(tabs->currentIndex(), int(MainWindow::Tab::Balance));
    settle();
    QVERIFY(isSaid(*tabs->currentWidget(), QStringLiteral("was written by hand")));
    QVERIFY(isSaid(*tabs->currentWidget(), QStringLiteral("the attentions of layers 1, 5 and the FFN of layer 1")));

    QVERIFY(isSaid(*hands.window, QStringLiteral("The plan of a file")));
    QVERIFY(!isSaid(*hands.window, QStringLiteral("Explain: the balance rule"))); // which it does not follow

    const auto *target = hands.named<QDoubleSpinBox>(QStringLiteral("Target sparsity, percent"));
    QVERIFY(target && !target->isEnabled());
    QCOMPARE(target->value(), 16.6); // what it reaches

    const auto *map = hands.named<QAbstractItemView>(QStringLiteral("Map: layers of the model"));
    QVERIFY(map);
    const auto cell = [&](int row, int column) { return map->model()->index(row, column).data().toString(); };
    QCOMPARE(cell(1, 1), QStringLiteral("removed"));
    QCOMPARE(cell(1, 2), QStringLiteral("removed"));
    QCOMPARE(cell(2, 1), QStringLiteral("present"));
    QCOMPARE(cell(2, 2), QStringLiteral("3 of 344 neurons kept"));
    QCOMPARE(cell(5, 1), QStringLiteral("removed"));
    QCOMPARE(map->model()->headerData(2, Qt::Horizontal).toString(), QStringLiteral("FFN: 0 to 344 of 344 kept")); // one is gone

    const auto *sparsity = hands.named<QDoubleSpinBox>(QStringLiteral("Target sparsity of the decoder layers, percent"));
    const auto *attentions = hands.named<QSpinBox>(QStringLiteral("N, attentions to remove"));
    const auto *neurons = hands.named<QSpinBox>(QStringLiteral("K, neurons kept in every FFN"));
    QVERIFY(sparsity && attentions && neurons);
    QVERIFY(!sparsity->isEnabled() && !attentions->isEnabled() && !neurons->isEnabled());
    QVERIFY(attentions->toolTip().contains(QStringLiteral("written by hand")));
    QCOMPARE(attentions->value(), 2);
    QCOMPARE(neurons->text(), QStringLiteral("differs"));

    hands.window->show(MainWindow::Tab::Importance);
    settle();
    QVERIFY(isSaid(*tabs->currentWidget(), QStringLiteral("no scores chose its neurons")));
    hands.window->show(MainWindow::Tab::Attention);
    settle();
    QVERIFY(isSaid(*tabs->currentWidget(), QStringLiteral("no search can continue it")));
    QVERIFY(hands.bench().jobs.canEvaluate());
    QVERIFY(hands.bench().jobs.canExport());

    hands.bench().history.undo();
    QVERIFY(!session.hasNeurons());
    QCOMPARE(cell(1, 2), QStringLiteral("344 of 344 neurons kept"));
    QCOMPARE(session.session().plans.size(), 1U); // for when it comes back
    hands.bench().history.redo();
    QVERIFY(session.isSettled());
}

/// Widths that are all 0 do not differ.
void TestOpenedPlans::aPlanWithoutFfnsKeepsNoNeuron()
{
    WindowBench hands;
    hands.window->openSample();
    const SessionModel &session = hands.bench().session;
    QTRY_VERIFY_WITH_TIMEOUT(session.hasModel(), 60'000);
    QVERIFY(hands.waitForJobs());
    hands.drop(hands.window.get(), planWithoutFfns());
    QTRY_VERIFY_WITH_TIMEOUT(session.isSettled(), 60'000);
    const auto *neurons = hands.named<QSpinBox>(QStringLiteral("K, neurons kept in every FFN"));
    QVERIFY(neurons);
    QCOMPARE(neurons->text(), QStringLiteral("0"));
    hands.bench().editor.pin(QStringLiteral("no FFN"));
    const PinModel pins(session, hands.bench().editor);
    QCOMPARE(pins.index(0, PinModel::Neurons).data().toString(), QStringLiteral("0"));
}

void TestOpenedPlans::aPlanWithoutAModelAsksForIts()
{
    WindowBench hands;
    hands.window->open(planByHand());
    const auto asked = [&] {
        for (const Message &message : hands.bench().messages.current())
            if (message.actionText == QStringLiteral("Choose the model folder…"))
                return message.sentence;
        return QString();
    };
    QTRY_VERIFY(!asked().isEmpty());
    QVERIFY2(asked().contains(QStringLiteral("hand.json")), qPrintable(asked()));
    QVERIFY(!hands.bench().session.hasModel());
}

void TestOpenedPlans::theLastLineSaysWhatChoseTheNeurons()
{
    WindowBench hands;
    hands.window->openSample();
    SessionModel &session = hands.bench().session;
    QTRY_VERIFY_WITH_TIMEOUT(session.hasModel(), 60'000);
    QVERIFY(hands.waitForJobs());
    const auto isLast = [&](const QString &words) {
        const auto labels = hands.window->findChild<StatusLine *>()->findChildren<ElidedLabel *>();
        return std::any_of(labels.begin(), labels.end(), [&](const QLabel *label) { return label->text() == words; });
    };
    QVERIFY(isLast(QStringLiteral("not calibrated")));
    const auto scores = std::make_shared<secateur::NeuronScores>();
    for (const secateur::LayerSpec &layer : session.spec().layers) {
        std::vector<float> &all = scores->layers.emplace_back(std::size_t(layer.neurons()));
        std::iota(all.begin(), all.end(), 1.0F);
    }
    scores->provenance.textFiles = {"/texts/grimm.txt"};
    scores->provenance.windows = 4;
    scores->provenance.length = 128;
    const secateur::PruningPlan plan = planFromScores(session.spec(), *scores, {});
    const secateur::ShelfEntry entry = secateur::shelfEntry(plan, "/plans/plan.json");
    session.apply(secateur::PlanOpened{entry});
    hands.bench().editor.useDraft(secateur::draftOf(session.session(), entry), QStringLiteral("Open plan.json"));
    QVERIFY(isLast(QStringLiteral("from plan.json")));
    session.addCalibration(scores, std::make_shared<const secateur::RankedScores>(*scores)); // the draft stays
    QVERIFY(isLast(QStringLiteral("grimm.txt, 4 × 128 tokens")));
}

QTEST_MAIN(TestOpenedPlans)
#include "tst_OpenedPlans.moc"
