// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/RuleSpinBox.h"

#include <QLineEdit>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

using namespace secateur::ui;

class TestRuleSpinBox : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)"));
        m_box = std::make_unique<RuleSpinBox>();
        m_box->setRange(0, 30);
        m_box->setNumber(4, true);
        m_box->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_box.get()));
        m_box->setFocus();
        m_chosen = std::make_unique<QSignalSpy>(m_box.get(), &RuleSpinBox::chosen);
        m_rule = std::make_unique<QSignalSpy>(m_box.get(), &RuleSpinBox::ruleChosen);
    }

    void rulesNumberIsMarked()
    {
        QCOMPARE(m_box->text(), "4 (rule)");
        m_box->setNumber(5, false);
        QCOMPARE(m_box->text(), "5");
        QCOMPARE(m_chosen->size() + m_rule->size(), 0); // showing is not choosing
    }

    void arrowsStartAtTheRulesNumber()
    {
        QTest::keyClick(m_box.get(), Qt::Key_Up);
        QCOMPARE(m_chosen->size(), 1);
        QCOMPARE(m_chosen->at(0).at(0).toLongLong(), 5);
    }

    void typedNumberIsChosenWhenItIsFinished()
    {
        m_box->selectAll();
        QTest::keyClicks(m_box.get(), "17");
        QCOMPARE(m_chosen->size(), 0);
        QTest::keyClick(m_box.get(), Qt::Key_Return);
        QCOMPARE(m_chosen->size(), 1);
        QCOMPARE(m_chosen->at(0).at(0).toLongLong(), 17);
    }

    void theRulesNumberCanBeChosenByHand()
    {
        m_box->selectAll();
        QTest::keyClicks(m_box.get(), "4");
        QTest::keyClick(m_box.get(), Qt::Key_Return);
        QCOMPARE(m_chosen->size(), 1);
    }

    void emptyFieldIsTheRule()
    {
        m_box->setNumber(9, false);
        m_box->selectAll();
        QTest::keyClick(m_box.get(), Qt::Key_Backspace);
        QTest::keyClick(m_box.get(), Qt::Key_Return);
        QCOMPARE(m_rule->size(), 1);
        QCOMPARE(m_chosen->size(), 0);
    }

    void escapeForgetsWhatWasTyped()
    {
        m_box->selectAll();
        QTest::keyClicks(m_box.get(), "22");
        QTest::keyClick(m_box.get(), Qt::Key_Escape);
        QCOMPARE(m_box->text(), "4 (rule)");
        QTest::keyClick(m_box.get(), Qt::Key_Return);
        QCOMPARE(m_chosen->size() + m_rule->size(), 0);
    }

private:
    std::unique_ptr<RuleSpinBox> m_box;
    std::unique_ptr<QSignalSpy> m_chosen, m_rule;
};

QTEST_MAIN(TestRuleSpinBox)
#include "tst_RuleSpinBox.moc"
