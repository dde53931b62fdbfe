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
        bar.setSteps(4);
        bar.show();
        QSignalSpy spy(&bar, &TransportBar::stepRequested);
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
        bar.setSteps(3);
        bar.show();
        QCOMPARE(bar.interval(), 700);
        bar.findChild<QComboBox *>()->setCurrentIndex(3);
        QCOMPARE(bar.interval(), 175);
        QSignalSpy spy(&bar, &TransportBar::stepRequested);
        click(bar, QStringLiteral("Play the search"));
        QVERIFY(bar.isPlaying());
        QTRY_VERIFY(!bar.isPlaying());
        QCOMPARE(steps(spy), (QList<qint64>{0, 1, 2, -1}));
        QVERIFY(button(bar, QStringLiteral("Play the search")));
    }

    void pausesWhereItIs()
    {
        TransportBar bar;
        bar.setSteps(30);
        bar.show();
        bar.findChild<QComboBox *>()->setCurrentIndex(3);
        QSignalSpy spy(&bar, &TransportBar::stepRequested);
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
        bar.setSteps(5);
        bar.show();
        auto *slider = bar.findChild<QSlider *>();
        QSignalSpy spy(&bar, &TransportBar::stepRequested);
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_Home);
        QTest::keyClick(slider, Qt::Key_Right);
        QCOMPARE(steps(spy), (QList<qint64>{0, 1}));
        bar.setStep(3);
        QCOMPARE(slider->value(), 3);
        QCOMPARE(spy.count(), 2); // shown, not asked for
    }

    void saysWhereItIs()
    {
        TransportBar bar;
        const auto *label = bar.findChild<QLabel *>();
        QCOMPARE(label->text(), QStringLiteral("no steps yet"));
        bar.setSteps(5);
        QCOMPARE(label->text(), QStringLiteral("all 5 steps"));
        bar.setStep(2);
        QCOMPARE(label->text(), QStringLiteral("step 3 of 5"));
        bar.setStep(-1);
        bar.setSteps(1);
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
        bar.setSteps(5);
        bar.show();
        auto *speed = bar.findChild<QComboBox *>();
        QTest::mouseClick(speed, Qt::LeftButton);
        QTRY_VERIFY(speed->view()->isVisible());
        const QModelIndex last = speed->model()->index(speed->count() - 1, 0);
        QTRY_VERIFY2(speed->view()->visualRect(last).bottom() < speed->view()->viewport()->height(),
                     qPrintable(QString("%1, %2").arg(speed->view()->visualRect(last).bottom()).arg(speed->view()->viewport()->height())));
        speed->hidePopup();
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
