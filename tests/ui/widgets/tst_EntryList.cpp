// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/EntryList.h"

#include <QTest>
#include <QVBoxLayout>

using namespace secateur::ui;

class TestEntryList : public QObject {
    Q_OBJECT

private slots:
    void wordsForNoEntriesFitAtEveryWidth()
    {
        const QString words =
            QStringLiteral("No models in ~/.cache/huggingface/hub. What “hf download” or transformers fetches is listed here.");
        QWidget window;
        auto *column = new QVBoxLayout(&window);
        auto *list = new EntryList(QStringLiteral("Models"));
        column->addWidget(list);
        column->addStretch();
        list->setEntries({}, words);
        window.show();
        for (const int width : {700, 320, 230, 700}) {
            window.resize(width, 400);
            const auto needed = [&] {
                const QRect room(0, 0, list->viewport()->width() - 16, 1000);
                return list->fontMetrics().boundingRect(room, Qt::TextWordWrap, words).height();
            };
            QTRY_VERIFY2(list->viewport()->height() >= needed(), qPrintable(QString::number(width)));
        }
        QVERIFY(list->height() < 3 * list->fontMetrics().height() + 32); // and no more is kept than the last width needs
    }
};

QTEST_MAIN(TestEntryList)
#include "tst_EntryList.moc"
