// SPDX-License-Identifier: GPL-3.0-or-later
// The whole job without a mouse: every stop on the way shows that it has the focus, and none is a trap.
#include "WindowBench.h"

#include <QAbstractScrollArea>
#include <QApplication>
#include <QLineEdit>
#include <qcustomplot.h>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// How the surroundings of a widget look, with and without the focus: the whole of it is in sight and the two differ.
void seeFocus(const WindowBench &hands, QWidget *stop)
{
    constexpr int kRing = 4;
    const auto picture = [&] {
        const QRect around(stop->mapTo(hands.window.get(), QPoint()) - QPoint(kRing, kRing), stop->size() + QSize(2 * kRing, 2 * kRing));
        return hands.window->grab(around.intersected(hands.window->rect())).toImage();
    };
    const QByteArray name = stop->metaObject()->className() + QByteArray(" '") + stop->accessibleName().toUtf8() + '\'';
    QVERIFY2(!stop->visibleRegion().isEmpty(), name + " has the focus and is out of sight");
    const QImage with = picture();
    stop->clearFocus();
    const QImage without = picture();
    stop->setFocus(Qt::TabFocusReason);
    QVERIFY2(with != without, name + " does not show that it has the focus");
}

} // namespace

class tst_KeyboardFlow : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnOwnWarnings(); }

    void sampleIsPrunedByKeysAlone();

private:
    static constexpr int kMostStops = 120;

    /// Presses Tab until something of that name has the focus, looking at every stop.
    static void tabTo(const WindowBench &hands, const QString &name)
    {
        for (int i = 0; i < kMostStops; ++i) {
            QWidget *stop = QApplication::focusWidget();
            QVERIFY(stop);
            const auto *button = qobject_cast<QAbstractButton *>(stop);
            if (stop->accessibleName() == name || (button && button->text() == name))
                return;
            QTest::keyClick(stop, Qt::Key_Tab);
            QWidget *next = QApplication::focusWidget();
            QVERIFY2(next && next != stop, qPrintable(QStringLiteral("Tab does not leave %1").arg(stop->accessibleName())));
            seeFocus(hands, next);
            if (QTest::currentTestFailed())
                return;
        }
        QFAIL(qPrintable(QStringLiteral("Tab does not come to '%1'").arg(name)));
    }

    static void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(QApplication::focusWidget(), key, modifiers); }
};

void tst_KeyboardFlow::sampleIsPrunedByKeysAlone()
{
    const WindowBench hands;
    hands.window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(hands.window.get()));
    const SessionModel &session = hands.bench().session;

    tabTo(hands, QStringLiteral("Try the bundled sample"));
    press(Qt::Key_Space);
    QVERIFY(hands.waitForJobs());
    QVERIFY(session.hasModel());

    press(Qt::Key_2, Qt::ControlModifier);
    tabTo(hands, QStringLiteral("Calibrate"));
    press(Qt::Key_Space);
    QVERIFY(hands.waitForJobs());
    QVERIFY(session.hasScores());

    press(Qt::Key_3, Qt::ControlModifier);
    auto *canvas = hands.window->findChild<QTabWidget *>()->currentWidget()->findChild<QCustomPlot *>();
    QVERIFY(canvas);
    tabTo(hands, canvas->accessibleName());
    const qint64 kept = session.neuronsKept();
    press(Qt::Key_Right);
    QCOMPARE(session.neuronsKept(), kept + 1);
    press(Qt::Key_Home);
    QCOMPARE(session.neuronsKept(), kept);

    press(Qt::Key_4, Qt::ControlModifier);
    tabTo(hands, QStringLiteral("Search"));
    press(Qt::Key_Space);
    QVERIFY(hands.waitForJobs());
    QCOMPARE(session.searchState(), SearchState::Complete);

    press(Qt::Key_6, Qt::ControlModifier);
    tabTo(hands, QStringLiteral("Evaluate plan"));
    press(Qt::Key_Space);
    QVERIFY(hands.waitForJobs());
    QVERIFY(session.planEvaluation());

    press(Qt::Key_9, Qt::ControlModifier);
    tabTo(hands, QStringLiteral("Folder to make"));
    press(Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(QApplication::focusWidget(), hands.state.filePath(QStringLiteral("pruned")));
    tabTo(hands, QStringLiteral("Export and verify"));
    press(Qt::Key_Space);
    QVERIFY(hands.waitForJobs());
    QCOMPARE(session.session().exports.size(), 1U);
}

QTEST_MAIN(tst_KeyboardFlow)
#include "tst_KeyboardFlow.moc"
