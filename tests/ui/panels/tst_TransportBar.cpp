// SPDX-License-Identifier: GPL-3.0-or-later
#include "PlanBench.h"
#include "panels/search/TransportBar.h"
#include "theme/SessionBus.h"
#include "theme/Theme.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QLabel>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>
#include <QToolButton>

using namespace secateur::ui;

class TestTransportBar : public QObject {
    Q_OBJECT

    static QToolButton *button(const TransportBar &bar, const QString &name)
    {
        for (QToolButton *candidate : bar.findChildren<QToolButton *>())
            if (candidate->accessibleName() == name)
                return candidate;
        return nullptr;
    }

    static void click(const TransportBar &bar, const QString &name) { QTest::mouseClick(button(bar, name), Qt::LeftButton); }

    /// Steps of four candidates, each decided among them.
    static ReplaySteps plain(std::size_t count)
    {
        return ReplaySteps(count, ReplayStep{.candidates = 4, .isDecided = true, .isForced = false});
    }

    static void choose(const TransportBar &bar, const char *list, const QVariant &data)
    {
        auto *box = bar.findChild<QComboBox *>(QLatin1String(list));
        QVERIFY(box && box->findData(data) >= 0);
        box->setCurrentIndex(box->findData(data));
    }

    /// "0:2 0:- all": what was asked for.
    static QString positions(QSignalSpy &spy)
    {
        QStringList all;
        for (const QList<QVariant> &call : spy) {
            const qint64 step = call.at(0).toLongLong(), candidates = call.at(1).toLongLong();
            all << (step < 0 ? QStringLiteral("all")
                             : QStringLiteral("%1:%2").arg(step).arg(candidates < 0 ? QStringLiteral("-") : QString::number(candidates)));
        }
        spy.clear();
        return all.join(u' ');
    }

    static QList<qint64> steps(const QSignalSpy &spy)
    {
        QList<qint64> result;
        for (const QList<QVariant> &call : spy)
            result << call.front().toLongLong();
        return result;
    }

private slots:
    void init() { QTest::failOnWarning(anyWarning()); }

    void walksBothWays()
    {
        TransportBar bar;
        bar.setSteps(plain(4));
        bar.show();
        QSignalSpy spy(&bar, &TransportBar::requested);
        click(bar, QStringLiteral("First step"));
        click(bar, QStringLiteral("Step back"));
        click(bar, QStringLiteral("Step forward"));
        click(bar, QStringLiteral("All steps"));
        click(bar, QStringLiteral("Step back"));
        click(bar, QStringLiteral("Step forward"));
        click(bar, QStringLiteral("Step forward"));
        QCOMPARE(steps(spy), (QList<qint64>{0, 0, 1, -1, 2, 3, -1}));
    }

    void playsEveryStepOnceAndStopsAtTheEnd()
    {
        TransportBar bar;
        bar.setSteps(plain(3));
        bar.show();
        QCOMPARE(bar.interval(), 700);
        choose(bar, "speed", 4.0);
        QCOMPARE(bar.interval(), 175);
        QSignalSpy spy(&bar, &TransportBar::requested);
        click(bar, QStringLiteral("Play the search"));
        QVERIFY(bar.isPlaying());
        QTRY_VERIFY(!bar.isPlaying());
        QCOMPARE(steps(spy), (QList<qint64>{0, 1, 2, -1}));
        QVERIFY(button(bar, QStringLiteral("Play the search")));
    }

    void pausesWhereItIs()
    {
        TransportBar bar;
        bar.setSteps(plain(30));
        bar.show();
        choose(bar, "speed", 4.0);
        QSignalSpy spy(&bar, &TransportBar::requested);
        click(bar, QStringLiteral("Play the search"));
        QTRY_COMPARE(spy.count(), 2);
        click(bar, QStringLiteral("Pause the replay"));
        QVERIFY(!bar.isPlaying());
        QCOMPARE(spy.count(), 2);
        click(bar, QStringLiteral("Play the search"));
        QTRY_COMPARE(spy.count(), 3);
        QCOMPARE(steps(spy), (QList<qint64>{0, 1, 2})); // goes on
    }

    void sliderAndKeysChooseAStep()
    {
        TransportBar bar;
        bar.setSteps(plain(5));
        bar.show();
        auto *slider = bar.findChild<QSlider *>();
        QSignalSpy spy(&bar, &TransportBar::requested);
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_Home);
        QTest::keyClick(slider, Qt::Key_Right);
        QCOMPARE(steps(spy), (QList<qint64>{0, 1}));
        bar.setPosition({.step = 3, .candidates = -1});
        QCOMPARE(slider->value(), 3);
        QCOMPARE(spy.count(), 2); // shown, not asked for
    }

    void saysWhereItIs()
    {
        TransportBar bar;
        const auto *label = bar.findChild<QLabel *>();
        QCOMPARE(label->text(), QStringLiteral("no steps yet"));
        bar.setSteps(plain(5));
        QCOMPARE(label->text(), QStringLiteral("all 5 steps"));
        bar.setPosition({.step = 2, .candidates = -1});
        QCOMPARE(label->text(), QStringLiteral("step 3 of 5"));
        bar.setPosition({});
        bar.setSteps(plain(1));
        QCOMPARE(label->text(), QStringLiteral("one step"));
    }

    void theListOfSpeedsShowsAllOfThem()
    {
        const auto restored = qScopeGuard([palette = QApplication::palette()] {
            qApp->setStyleSheet(QString());
            QApplication::setPalette(palette);
        });
        SessionBus nowhere{QString()};
        Theme theme(nowhere); // whose padding makes the rows higher
        TransportBar bar;
        bar.setSteps(plain(5));
        bar.show();
        auto *speed = bar.findChild<QComboBox *>(QStringLiteral("speed"));
        QTest::mouseClick(speed, Qt::LeftButton);
        QTRY_VERIFY(speed->view()->isVisible());
        const QModelIndex last = speed->model()->index(speed->count() - 1, 0);
        QTRY_VERIFY2(speed->view()->visualRect(last).bottom() < speed->view()->viewport()->height(),
                     qPrintable(QString("%1, %2").arg(speed->view()->visualRect(last).bottom()).arg(speed->view()->viewport()->height())));
        speed->hidePopup();
    }

    void keysWalkFromEveryPartOfIt()
    {
        TransportBar bar;
        bar.setSteps(plain(3));
        bar.show();
        QSignalSpy spy(&bar, &TransportBar::requested);
        for (QWidget *part : std::initializer_list<QWidget *>{bar.findChild<QSlider *>(), button(bar, QStringLiteral("Step back"))}) {
            part->setFocus();
            for (const Qt::Key key :
                 {Qt::Key_Home, Qt::Key_Right, Qt::Key_Right, Qt::Key_Left, Qt::Key_Backspace, Qt::Key_Backspace, Qt::Key_End})
                QTest::keyClick(part, key);
            QCOMPARE(positions(spy), QStringLiteral("0:- 1:- 2:- 1:- 0:- 0:- all"));
        }
        auto *slider = bar.findChild<QSlider *>();
        QTest::keyClick(slider, Qt::Key_Space);
        QVERIFY(bar.isPlaying());
        QTest::keyClick(slider, Qt::Key_Space);
        QVERIFY(!bar.isPlaying());
    }

    void candidatesFillOneByOneBeforeTheDecision()
    {
        TransportBar bar;
        ReplaySteps steps = plain(2);
        steps[0].candidates = 3;
        steps[1].candidates = 1;
        bar.setSteps(steps);
        bar.show();
        bar.setDepth(ReplayDepth::Candidates);
        choose(bar, "speed", 4.0);
        QSignalSpy spy(&bar, &TransportBar::requested);
        click(bar, QStringLiteral("Play the search"));
        QTRY_VERIFY(!bar.isPlaying());
        QCOMPARE(positions(spy), QStringLiteral("0:0 0:1 0:2 0:3 0:- 1:0 1:1 1:- all"));
        QTest::keyClick(bar.findChild<QSlider *>(), Qt::Key_Left);
        QTest::keyClick(bar.findChild<QSlider *>(), Qt::Key_Backspace);
        QCOMPARE(positions(spy), QStringLiteral("1:1 1:0"));
    }

    void aCandidateTakesLessThanADecisionAndBothCanBeTalkedOver()
    {
        TransportBar bar;
        bar.setSteps(plain(2));
        bar.setDepth(ReplayDepth::Candidates);
        bar.setPosition({.step = 0, .candidates = 2});
        const int candidate = bar.interval();
        bar.setPosition({.step = 0, .candidates = -1});
        QVERIFY(candidate < bar.interval());
        const auto *speed = bar.findChild<QComboBox *>(QStringLiteral("speed"));
        choose(bar, "speed", speed->itemData(0));
        QVERIFY2(bar.interval() >= 5000, qPrintable(QString::number(bar.interval())));
        QVERIFY(speed->currentText().contains(QStringLiteral("talk"), Qt::CaseInsensitive)); // in words, not by a number alone
    }

    void playingStopsAtEveryQuestion()
    {
        TransportBar bar;
        ReplaySteps steps = plain(3);
        steps[1].isForced = true; // nobody is asked
        bar.setSteps(steps);
        bar.show();
        bar.setDepth(ReplayDepth::Predict);
        choose(bar, "speed", 4.0);
        QSignalSpy spy(&bar, &TransportBar::requested);
        bar.play();
        QVERIFY(!bar.isPlaying()); // waits for an answer
        QCOMPARE(positions(spy), QStringLiteral("0:4"));
        bar.play(); // goes on: the answer, the step that was forced, the next question
        QVERIFY(bar.isPlaying());
        QTRY_VERIFY(!bar.isPlaying());
        QCOMPARE(positions(spy), QStringLiteral("0:- 1:- 2:4"));
        QTest::keyClick(bar.findChild<QSlider *>(), Qt::Key_Right);
        QTest::keyClick(bar.findChild<QSlider *>(), Qt::Key_Backspace); // asks again
        QCOMPARE(positions(spy), QStringLiteral("2:- 2:4"));
    }

    void nothingToReplayIsDisabled()
    {
        TransportBar bar;
        for (const QToolButton *each : bar.findChildren<QToolButton *>())
            QVERIFY(!each->isEnabled());
        bar.play();
        QVERIFY(!bar.isPlaying());
    }
};

QTEST_MAIN(TestTransportBar)
#include "tst_TransportBar.moc"
